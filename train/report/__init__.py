"""The report: plots, tables, image galleries and the page."""
