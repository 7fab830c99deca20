"""Original example tunes, and the script that makes them."""
