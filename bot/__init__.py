"""The Discord side of Moodify; knows nothing of signal processing."""
