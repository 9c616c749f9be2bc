"""The platform's GraphQL schema, its execution, its limits and its HTTP face."""
