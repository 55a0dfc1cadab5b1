"""The network. No other package imports `socket`."""

from app.network.address import (
    Address,
    is_connection_taken,
    is_own,
    is_port_taken,
    own_address_towards,
    resolve,
)
from app.network.datagrams import QUIET_TIME, DatagramListener, DatagramSender
from app.network.streams import StreamSender

__all__ = [
    "QUIET_TIME",
    "Address",
    "DatagramListener",
    "DatagramSender",
    "StreamSender",
    "is_connection_taken",
    "is_own",
    "is_port_taken",
    "own_address_towards",
    "resolve",
]
