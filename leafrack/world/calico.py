"""Calico's resources as the API server stores them."""

from __future__ import annotations

from lightkube.generic_resource import create_global_resource

from leafrack.fabric.names import CALICO_GROUP

BGPConfiguration = create_global_resource(CALICO_GROUP, "v1", "BGPConfiguration", "bgpconfigurations")
BGPPeer = create_global_resource(CALICO_GROUP, "v1", "BGPPeer", "bgppeers")
BGPFilter = create_global_resource(CALICO_GROUP, "v1", "BGPFilter", "bgpfilters")
IPPool = create_global_resource(CALICO_GROUP, "v1", "IPPool", "ippools")
BlockAffinity = create_global_resource(CALICO_GROUP, "v1", "BlockAffinity", "blockaffinities")
ClusterInformation = create_global_resource(CALICO_GROUP, "v1", "ClusterInformation", "clusterinformations")
FelixConfiguration = create_global_resource(CALICO_GROUP, "v1", "FelixConfiguration", "felixconfigurations")
CalicoNodeStatus = create_global_resource(CALICO_GROUP, "v1", "CalicoNodeStatus", "caliconodestatuses")
