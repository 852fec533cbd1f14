def enqueue_auto(record, *, requested_by=""):
    return None
