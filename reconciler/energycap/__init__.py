"""The EnergyCAP API over HTTP: channels, reference data and readings as the rest of the project knows them.

- `client`: a reader, an editor and a sender: all that can be asked of the service; start reading here
- `endpoints`: the endpoints in use, and which of them each client may call
- `session`: retries, request counts, deprecations and threads
- `transport`: one request and one response over httpx
- `access`: the address of the service, the API key, proxies, certificates, and the causes of failed connections
- `responses`: status and JSON of a response with typed values, and the text of an error
- `mapping`: responses as live channels and stored readings, and live channels as bodies of edits
- `documented_rows`: pages of channels that are all as documented, read in half the time
- `malformed_channels`: what can be read of a channel whose response is not as documented
- `listing`: the list of channels, with what its rows leave out
- `paging`: the pages of a list, checked for completeness
- `reading_list`: the stored readings of channels, in parts that are proved complete
- `reading_pages`: a page of readings, by names that may vary
- `reading_times`: when readings were taken, and in which order
- `reading_streams`: the readings of many channels in one pass
- `time_zones`: time zones of data points, and version dates in them
- `reference`: units, observation types, zone codes, formula checks, and the snapshot file
"""
