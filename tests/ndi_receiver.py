"""A receiver of NDI: writes one picture (RGBA) of the source of the name given to its output."""

from __future__ import annotations

import sys

import numpy as np
from cyndilib.finder import Finder
from cyndilib.receiver import ReceiveFrameType, Receiver
from cyndilib.video_frame import VideoRecvFrame
from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat

with Finder() as finder:
    source = None
    while source is None:
        finder.wait_for_sources(1.0)
        names = [name for name in finder.get_source_names() if f"({sys.argv[1]})" in name]
        source = finder.get_source(names[0]) if names else None
    receiver = Receiver(color_format=RecvColorFormat.RGBX_RGBA, bandwidth=RecvBandwidth.highest)
    frame = VideoRecvFrame()
    receiver.set_video_frame(frame)
    receiver.set_source(source)
    while not receiver.receive(ReceiveFrameType.recv_video, 500) & ReceiveFrameType.recv_video:
        pass
    picture = np.zeros(frame.get_buffer_size(), np.uint8)
    frame.fill_p_data(picture)
    sys.stdout.buffer.write(picture.tobytes())
