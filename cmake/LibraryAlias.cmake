# tw_library(NAME TARGETS_OR_FLAGS...): one name of ours, tw::NAME, for a library however it is linked.
function(tw_library name)
  add_library(tw_lib_${name} INTERFACE)
  target_link_libraries(tw_lib_${name} INTERFACE ${ARGN})
  add_library(tw::${name} ALIAS tw_lib_${name})
endfunction()
