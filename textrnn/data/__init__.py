"""Turn files into texts: corpora, tables, labelled texts, downloads."""
