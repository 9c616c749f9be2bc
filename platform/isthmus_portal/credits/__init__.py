"""What the pages of documentary credits need beside their templates."""
