"""The far end of every protocol, behind the same pyserial URL, with faults to choose from."""
