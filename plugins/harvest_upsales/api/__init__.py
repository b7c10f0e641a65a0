"""One request, pages, retries and limits of both services; answers become typed records."""
