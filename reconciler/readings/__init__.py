"""Files of readings in, routed and sent."""
