"""Market rules: start and stop instances of strategies by what the market does, as data of a file."""
