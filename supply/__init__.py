"""The supply chain: pins, vendored files, licences and audits, by `python -m supply`."""
