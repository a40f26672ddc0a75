"""``python -m torchlike script.py args...``"""

import sys

from torchlike._launcher import main

if __name__ == "__main__":
    main(sys.argv[1:])
