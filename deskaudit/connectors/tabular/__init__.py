"""Tables of cells from files: encodings, delimiters, headers, dates, words; what every table source is read with."""
