// Which known name somebody meant who typed one that is not known.

package powershell

import "strings"

// Nearest gives the known name that is the fewest edits away from what was typed, and
// near enough to be meant; "" if none is.
func Nearest(typed string, known []string) string {
	best, fewest := "", 1+len(typed)/4
	for _, name := range known {
		if n := edits(strings.ToLower(typed), strings.ToLower(name)); n <= fewest && (best == "" || n < fewest) {
			best, fewest = name, n
		}
	}
	return best
}

// edits counts the insertions, deletions and replacements between two words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
