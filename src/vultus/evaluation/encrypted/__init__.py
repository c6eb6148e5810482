"""The study of search on encrypted faces: systems, costs, error rates, attacks and the page that shows them."""
