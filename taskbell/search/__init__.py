"""Lists that people search: filters, orders and pages. A plain mapping comes in, a page of rows goes out."""
