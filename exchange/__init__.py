"""Tables in and out: companies, establishments, dossiers and accounts from CSV and XLSX, and lists as such files."""
