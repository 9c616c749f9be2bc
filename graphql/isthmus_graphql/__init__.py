"""The graphql."""
