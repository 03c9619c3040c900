"""What the web server does for every request: limits, uploads, routes, clean-up."""
