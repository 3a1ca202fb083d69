"""Pure functions on text: cleaning, scripts, languages, blocks, sentences, widths."""
