"""Documentary credit (UCP 600): its life, the examination of documents under it, and its messages."""
