#!/bin/sh
# lines.sh - a worker in shell: counts the lines of a payload, finds long ones
#
#   [exec]
#   commands = lines text/*: /usr/local/lib/assay/lines.sh
#
# The bytes come on standard input, what is known of them in $ASSAY_FILENAME, $ASSAY_TYPE and so on;
# names in there are a stranger's. What is printed as JSON is in the report, its "tags" are facts
# (exec_tag) that rules and searches can use.
set -eu
tr '\0\r' '??' | awk '
	{ if (length($0) > longest) longest = length($0) }
	END {
		printf "{\"lines\": %d, \"longest\": %d, \"tags\": [", NR, longest
		if (longest > 998) printf "\"long-line\""
		print "]}"
	}'
