# Installation, Debian package and tarball: the static programs, their manual pages, completions and the systemd unit.
include(GNUInstallDirs)
set(package ${CMAKE_CURRENT_LIST_DIR}/package)
set(made ${PROJECT_BINARY_DIR}/package)

# What the programs say of themselves is written by them.
function(_tw_written_by_program file)
  add_custom_command(OUTPUT ${made}/${file} COMMAND ${CMAKE_COMMAND} -E make_directory ${made}
                     COMMAND ${ARGN} > ${made}/${file} DEPENDS tokenwarden tokenwarden-man VERBATIM)
  list(APPEND package_files ${made}/${file})
  set(package_files ${package_files} PARENT_SCOPE)
endfunction()
_tw_written_by_program(tokenwarden.1 $<TARGET_FILE:tokenwarden-man>)
_tw_written_by_program(tokenwarden.bash $<TARGET_FILE:tokenwarden> completion bash)
_tw_written_by_program(_tokenwarden $<TARGET_FILE:tokenwarden> completion zsh)
_tw_written_by_program(tokenwarden.fish $<TARGET_FILE:tokenwarden> completion fish)
add_custom_target(package_files ALL DEPENDS ${package_files})

install(TARGETS tokenwarden tokenwarden-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${made}/tokenwarden.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${package}/man/tokenwarden-agent.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${made}/tokenwarden.bash RENAME tokenwarden
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${made}/_tokenwarden DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${made}/tokenwarden.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${package}/systemd/tokenwarden-agent.service DESTINATION lib/systemd/system)
install(FILES ${package}/systemd/tokenwarden.sysusers RENAME tokenwarden.conf DESTINATION lib/sysusers.d)
install(FILES ${package}/tokenwarden.example.yaml README.md LICENSE docs/config.schema.json docs/check.schema.json
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_PACKAGE_NAME tokenwarden)
set(CPACK_PACKAGE_VENDOR "Tokenwarden")
set(CPACK_PACKAGE_CONTACT "Tokenwarden developers <developers@tokenwarden.dev>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${package}/debian/postinst;${package}/debian/prerm")
include(CPack)
