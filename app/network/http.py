"""JSON over HTTP from programs in our own network."""

from __future__ import annotations

import http.client
import json

_LARGEST = 4_000_000  # bytes


def read_json(host: str, port: int, path: str, *, timeout: float) -> object:
    """What GET answers. Raises OSError if nobody answers in time, or not with JSON."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(_LARGEST)
        if response.status != http.client.OK:
            raise ConnectionError(f"HTTP status {response.status}")
        answer: object = json.loads(body)
    except (http.client.HTTPException, ValueError, RecursionError) as error:
        raise ConnectionError(f"no answer in JSON: {error}") from error
    finally:
        connection.close()
    return answer
