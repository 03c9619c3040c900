"""The networks and settings of the older systems, one file each."""
