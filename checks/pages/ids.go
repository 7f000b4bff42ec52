package pages

// idsFile lists the ids of all checks that there ever were. Lines are added to
// it, and none is taken out: an id is never given to another check.
const idsFile = "docs/checks/ids.txt"

// retired are the ids of checks that are gone, and those that took their place.
// A rule of BuildKit that a check of ours has come to answer is not among them:
// its name is an alias of that check.
var retired = map[string]string{}
