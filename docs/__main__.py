"""`python -m docs`: run mutation campaigns.

The processes of a campaign import the main module of the one that started them, unless it is named like this one.
"""

import sys

from docs.mutation_figures import main

sys.exit(main(sys.argv[1:]))
