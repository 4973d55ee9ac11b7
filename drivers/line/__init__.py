"""The wire itself: any pyserial URL, with deadlines on every read and write."""
