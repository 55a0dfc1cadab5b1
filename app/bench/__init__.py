"""What tracking costs: by stage, beside other trackers, and as a whole run at a camera's rate."""
