"""What is kept between runs, in SQLite: one schema, migrations, one writer."""
