"""The announcement: clips joined into one WAV."""
