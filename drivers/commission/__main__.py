import sys

from drivers.commission.tool import main

sys.exit(main())
