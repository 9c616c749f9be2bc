"""Metering, tariffs, rating, invoices, ledger, payment and the authority's share."""
