from deskaudit.cli import main

main()
