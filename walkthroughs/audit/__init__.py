"""Who changed what: rows that are only ever added, in the transaction of the change itself."""
