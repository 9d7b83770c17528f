"""What passes through a mail server, added up: stitched per message, rolled up per question, judged.

Pure: logs and reports come in through `Stitcher` and `Rollup`, findings and tables come out. Memory is bounded by
how much is open at a time and by the caps of `Rollup`, never by the length of the log.
"""
