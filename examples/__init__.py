"""The example data: flags drawn by code, photographed by code, and the images and clips of the demo."""
