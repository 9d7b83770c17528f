"""Run the benchmarks named, or all."""

import importlib
import sys

NAMES = ("startup", "texts", "mails", "lists", "spf", "repairs", "verify", "report", "dmarc", "score")

for name in sys.argv[1:] or NAMES:
    importlib.import_module(f"bench.{name}").run()
