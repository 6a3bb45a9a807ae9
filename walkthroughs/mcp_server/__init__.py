"""How assistants reach the domain: tenants, tools, and the MCP endpoint."""
