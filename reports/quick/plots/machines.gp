# Draws machines.svg from machines.csv: run `gnuplot machines.gp` in this directory.
set terminal svg size 960,414 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'machines.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Projected (modelled) throughput by machine, 2 threads" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set ytics ("host" 4, "epyc-7763" 3, "epyc-7773x" 2, "xeon-max-9480" 1) scale 0
set yrange [0.4:4.6]
set xrange [0:279044.22096213774]
set xtics ('0' 0.0, '50 k' 50000.0, '100 k' 100000.0, '150 k' 150000.0, '200 k' 200000.0, '250 k' 250000.0)
set xlabel 'Projected throughput (tokens/s), bars expected, whiskers low to high'
set grid noytics
set style fill solid 0.85 noborder
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'machines.csv' skip 1 using ($3/2):($1 == 1 ? $2 + 0.19 : NaN):($3/2):(0.17) with boxxyerror linecolor '#0072B2' title "lookup T=128 rows=256 (64 MiB)", \
  'machines.csv' skip 1 using 3:($1 == 1 ? $2 + 0.19 : NaN):4:5 with xerrorbars linecolor '#202020' linewidth 1.5 pointtype 0 notitle, \
  'machines.csv' skip 1 using ($3/2):($1 == 2 ? $2 - 0.19 : NaN):($3/2):(0.17) with boxxyerror linecolor '#D55E00' title "dense d=512 ff=2048", \
  'machines.csv' skip 1 using 3:($1 == 2 ? $2 - 0.19 : NaN):4:5 with xerrorbars linecolor '#202020' linewidth 1.5 pointtype 0 notitle
