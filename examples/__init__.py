"""The example data: flags drawn by code, photographed by code, and the pictures and clips of the demo."""
