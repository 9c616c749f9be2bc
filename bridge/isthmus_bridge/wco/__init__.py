"""The WCO adapter: declarations as WCO Data Model XML (the UK CDS profile) out, DMS notifications in."""
