"""The service over HTTP: paging, retries, errors, and the mapping between its wire shapes and ours."""
