# SQL files -> rows of C: { 1, "0001_users", "text" },
FNR == 1 {
	if (NR > 1)
		print "},"
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	number = name
	sub(/_.*/, "", number)
	sub(/^0+/, "", number)
	printf "{ %s, \"%s\",\n", number, name
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	gsub(/\t/, "\\t")
	printf "\t\"%s\\n\"\n", $0
}
END { print "}," }
